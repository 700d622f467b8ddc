import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.Field;
import java.util.HexFormat;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.storm.Config;
import org.apache.storm.daemon.StormCommon;
import org.apache.storm.flux.FluxBuilder;
import org.apache.storm.flux.model.ExecutionContext;
import org.apache.storm.flux.model.TopologyDef;
import org.apache.storm.flux.parser.FluxParser;
import org.apache.storm.generated.InvalidTopologyException;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.thrift.TDeserializer;
import org.apache.storm.thrift.TSerializer;
import org.apache.storm.thrift.meta_data.FieldMetaData;
import org.apache.storm.thrift.protocol.TBinaryProtocol;

/** Storm's own classes, asked line by line. Each answer is one line: "ok ..." or "error ...". */
public class StormOracle {
    public static void main(String[] arguments) throws Exception {
        BufferedReader questions = new BufferedReader(new InputStreamReader(System.in));
        System.out.println("ok ready");
        for (String line; (line = questions.readLine()) != null;) {
            String[] words = line.split(" ");
            String answer;
            try {
                answer = "ok " + answer(words);
            } catch (InvalidTopologyException refused) {
                answer = "error " + refused.get_msg();
            } catch (Throwable failure) {
                answer = "error " + failure;
            }
            System.out.println(answer.replace("\n", " "));
        }
    }

    private static String answer(String[] words) throws Exception {
        switch (words[0]) {
            case "fields":
                return fields(words[1]);
            case "again":
                return bytes(topology(words[1]));
            case "validate":
                StormCommon.validateBasic(topology(words[1]));
                StormCommon.validateStructure(topology(words[1]));
                return "";
            case "flux":
                TopologyDef parsed = FluxParser.parseFile(words[1], false, true, new Properties(), false);
                Config config = FluxBuilder.buildConfig(parsed);
                return bytes(FluxBuilder.buildTopology(new ExecutionContext(parsed, config)))
                    + " " + parsed.getName() + " " + new TreeMap<>(parsed.getConfig());
            default:
                throw new IllegalArgumentException(words[0]);
        }
    }

    /** number:name:type:requirement of each field of a structure. */
    private static String fields(String name) throws Exception {
        Field field = Class.forName("org.apache.storm.generated." + name).getField("metaDataMap");
        StringBuilder answer = new StringBuilder();
        for (Map.Entry<?, ?> entry : ((Map<?, ?>) field.get(null)).entrySet()) {
            FieldMetaData meta = (FieldMetaData) entry.getValue();
            short number = ((org.apache.storm.thrift.TFieldIdEnum) entry.getKey()).getThriftFieldId();
            answer.append(number).append(':').append(meta.fieldName)
                .append(':').append(meta.valueMetaData.type)
                .append(':').append(meta.requirementType).append(' ');
        }
        return answer.toString();
    }

    private static StormTopology topology(String hex) throws Exception {
        StormTopology topology = new StormTopology();
        byte[] content = HexFormat.of().parseHex(hex);
        new TDeserializer(new TBinaryProtocol.Factory()).deserialize(topology, content);
        topology.validate();
        return topology;
    }

    private static String bytes(StormTopology topology) throws Exception {
        byte[] content = new TSerializer(new TBinaryProtocol.Factory()).serialize(topology);
        return HexFormat.of().formatHex(content);
    }
}
